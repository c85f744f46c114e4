"""
The peer of `npm run bench -- compute`: the same work in PyTorch, one JSON object per line on stdin, one answer per line on stdout.
    {"do": "open", "case": <see cases.ts>, "seconds": s}  -> {"variant": name, "estimateMs": t}
    {"do": "time", "repetitions": n}                      -> {"timesMs": [...]}
    {"do": "close"}                                       -> {"checked": true}, or {"error": why} where the work was not done
    {"do": "hello"}                                       -> versions
A case has several variants (ways to write it); `open` tries each briefly and keeps the fastest.
E members, B batch, I inputs, S observations, A actions.
"""
import ctypes
import gc
import json
import math
import os
import platform
import signal
import sys
import time

import torch
import torch.nn.functional as F

THREADS = int(sys.argv[1])
LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def timed(step):
    start = time.perf_counter_ns()
    step()
    return (time.perf_counter_ns() - start) / 1e6


# --- networks: a list of (weight, bias); stacked ones hold all members in one tensor and multiply by baddbmm ---


def plain_mlp(widths):
    """As nn.Linear stores and initialises it."""
    layers = []
    for i, o in zip(widths, widths[1:]):
        bound = 1 / math.sqrt(i)
        layers.append(((torch.rand(o, i) * 2 - 1) * bound, (torch.rand(o) * 2 - 1) * bound))
    return layers


def stacked_mlp(members, widths):
    layers = []
    for i, o in zip(widths, widths[1:]):
        bound = 1 / math.sqrt(i)
        layers.append(((torch.rand(members, i, o) * 2 - 1) * bound, (torch.rand(members, 1, o) * 2 - 1) * bound))
    return layers


def relu(x):
    return torch.relu_(x)  # the product's gradient does not need its output


def plain_forward(layers, x, activation):
    for w, b in layers[:-1]:
        x = activation(F.linear(x, w, b))
    return F.linear(x, *layers[-1])


def stacked_forward(layers, x, activation):
    for w, b in layers[:-1]:
        x = activation(torch.baddbmm(b, x, w))
    w, b = layers[-1]
    return torch.baddbmm(b, x, w)


def tensors_of(layers):
    return [t for layer in layers for t in layer]


# --- optimisers ---


class FlatAdam:
    """Adam and Polyak averaging on one flat vector that all parameters are views of: fewest operations."""

    def __init__(self, tensors, rate, decay=None):
        self.shapes = [t.shape for t in tensors]
        self.flat = torch.cat([t.reshape(-1) for t in tensors])
        self.gradient = torch.zeros_like(self.flat)
        self.m = torch.zeros_like(self.flat)
        self.v = torch.zeros_like(self.flat)
        self.denominator = torch.zeros_like(self.flat)
        self.rate = rate
        self.steps = 0
        self.decay = None
        if decay is not None:
            self.decay = torch.cat([torch.full((t.numel(),), d) for t, d in zip(tensors, decay)])

    def views(self, flat):
        return [part.view(shape) for part, shape in zip(flat.split([s.numel() for s in self.shapes]), self.shapes)]

    def step(self, gradients):
        torch.cat([g.reshape(-1) for g in gradients], out=self.gradient)
        if self.decay is not None:
            self.gradient.addcmul_(self.decay, self.flat)
        self.steps += 1
        self.m.lerp_(self.gradient, 0.1)
        self.v.mul_(0.999).addcmul_(self.gradient, self.gradient, value=0.001)
        correction = 1 / math.sqrt(1 - 0.999**self.steps)
        torch.sqrt(self.v, out=self.denominator)
        self.denominator.mul_(correction).add_(1e-8)
        self.flat.addcdiv_(self.m, self.denominator, value=-self.rate / (1 - 0.9**self.steps))


class Parameters:
    """Trainable tensors with their optimiser: torch.optim.Adam (loop or foreach), or FlatAdam."""

    def __init__(self, layers, optimiser, rate, decay=None):
        tensors = tensors_of(layers)
        self.flat = None
        if optimiser == 'flat':
            self.flat = FlatAdam(tensors, rate, decay)
            tensors = [t.detach() for t in self.flat.views(self.flat.flat)]
        self.tensors = [t.requires_grad_() for t in tensors]
        self.layers = list(zip(self.tensors[0::2], self.tensors[1::2]))
        if optimiser != 'flat':
            foreach = optimiser == 'foreach'
            groups = [{'params': [t], 'weight_decay': d} for t, d in zip(tensors, decay or [0.0] * len(tensors))]
            if decay is None or not any(decay):
                groups = self.tensors
            self.adam = torch.optim.Adam(groups, lr=rate, foreach=foreach)

    def minimise(self, loss):
        if self.flat is not None:
            gradients = torch.autograd.grad(loss, self.tensors)
            with torch.no_grad():
                self.flat.step(gradients)
        else:
            self.adam.zero_grad(set_to_none=True)
            loss.backward(inputs=self.tensors)
            self.adam.step()

    def averaged(self):
        """A copy for target networks, and what moves it towards these parameters."""
        if self.flat is not None:
            flat = self.flat.flat.clone()
            tensors = self.flat.views(flat)
            return list(zip(tensors[0::2], tensors[1::2])), lambda tau: flat.lerp_(self.flat.flat, tau)
        tensors = [t.detach().clone() for t in self.tensors]

        def polyak(tau):
            torch._foreach_mul_(tensors, 1 - tau)
            torch._foreach_add_(tensors, self.tensors, alpha=tau)

        return list(zip(tensors[0::2], tensors[1::2])), polyak


OPTIMISERS = ['adam', 'foreach', 'flat']

# --- work: each has step(), and check() that tells whether it was done ---


class Matmul:
    VARIANTS = ['mm', 'mm-out']

    def __init__(self, case, variant):
        n = case['n']
        self.a, self.b, self.c = torch.randn(n, n), torch.randn(n, n), torch.zeros(n, n)
        self.step = self.into if variant == 'mm-out' else self.fresh

    def fresh(self):
        self.c = torch.mm(self.a, self.b)

    def into(self):
        torch.mm(self.a, self.b, out=self.c)

    def check(self):
        expected = torch.dot(self.a[-1].double(), self.b[:, 0].double())
        return abs(self.c[-1, 0].item() - expected.item()) < 1e-3


class Forward:
    """A network or an ensemble of them, forward, or forward and backward from the mean square of the outputs."""

    def __init__(self, case, variant):
        widths = [case['inputs'], *case['hidden'], case['outputs']]
        members, batch = case['members'], case['batch']
        activation = F.silu if case['activation'] == 'swish' else relu
        x = torch.randn(members, batch, widths[0])
        if variant == 'loop':
            nets = [plain_mlp(widths) for _ in range(members)]
            self.tensors = [t for net in nets for t in tensors_of(net)]
            rows = list(x)
            self.forward = lambda: [plain_forward(n, r, activation) for n, r in zip(nets, rows)]
        else:
            net = stacked_mlp(members, widths)
            self.tensors = tensors_of(net)
            self.forward = lambda: [stacked_forward(net, x, activation)]
        self.result = None
        self.members = members
        self.step = self.only_forward
        if case['kind'] == 'forward-backward':
            for t in self.tensors:
                t.requires_grad_()
            self.step = self.both_ways

    VARIANTS = ['loop', 'stacked']

    def only_forward(self):
        with torch.inference_mode():
            self.result = self.forward()

    def both_ways(self):
        outputs = self.forward()
        loss = outputs[0].square().mean()
        for y in outputs[1:]:
            loss = loss + y.square().mean()
        self.result = torch.autograd.grad(loss, self.tensors)

    def check(self):
        return all(bool(torch.isfinite(t).all()) and bool((t != 0).any()) for t in self.result)


def squash(head, noise, want_log_prob=True):
    mean, raw = head.chunk(2, -1)
    log_std = LOG_STD_MIN + 0.5 * (LOG_STD_MAX - LOG_STD_MIN) * (torch.tanh(raw) + 1)
    u = mean + torch.exp(log_std) * noise
    gaussian = -(0.5 * noise.square() + HALF_LOG_TWO_PI) - log_std
    correction = 2 * (math.log(2) - u - F.softplus(-2 * u))
    return torch.tanh(u), (gaussian - correction).sum(-1, keepdim=True)


class SacUpdate:
    VARIANTS = [f'{critics}+{optimiser}' for critics in ['modules', 'stacked'] for optimiser in OPTIMISERS]

    def __init__(self, case, variant):
        critics, optimiser = variant.split('+')
        s, a, hidden, b = case['observations'], case['actions'], case['hidden'], case['batch']
        self.stacked = critics == 'stacked'
        self.depth = len(hidden) + 1
        self.actor = Parameters(plain_mlp([s, *hidden, 2 * a]), optimiser, 3e-4)
        widths = [s + a, *hidden, 1]
        twins = stacked_mlp(2, widths) if self.stacked else plain_mlp(widths) + plain_mlp(widths)
        self.critics = Parameters(twins, optimiser, 3e-4)
        self.targets, self.polyak = self.critics.averaged()
        self.plain_temperature = optimiser == 'flat'
        self.log_alpha = torch.zeros(1, requires_grad=True)
        self.temperature_adam = torch.optim.Adam([self.log_alpha], lr=3e-4, foreach=False)
        self.slope_m = self.slope_v = self.plain_log_alpha = 0.0
        self.steps = 0
        self.target_entropy = -float(a)
        self.observations, self.next = torch.randn(b, s), torch.randn(b, s)
        self.actions = torch.rand(b, a) * 2 - 1
        self.rewards = torch.randn(b, 1)
        self.discount = torch.where(torch.rand(b, 1) < 0.1, 0.0, 0.99)
        self.noise_next, self.noise_current = torch.randn(b, a), torch.randn(b, a)
        self.before = [t.detach().clone() for t in self.actor.tensors + self.critics.tensors]
        self.loss = None

    def twin(self, layers, x):
        if self.stacked:
            # one input for both; expand does not copy
            return stacked_forward(layers, x.expand(2, *x.shape), relu)
        half = self.depth
        return plain_forward(layers[:half], x, relu), plain_forward(layers[half:], x, relu)

    def step(self):
        alpha = math.exp(self.plain_log_alpha) if self.plain_temperature else self.log_alpha.detach().exp()
        with torch.no_grad():
            action, log_prob = squash(plain_forward(self.actor.layers, self.next, relu), self.noise_next)
            q0, q1 = self.twin(self.targets, torch.cat([self.next, action], 1))
            y = self.rewards + self.discount * (torch.minimum(q0, q1) - alpha * log_prob)
        q = self.twin(self.critics.layers, torch.cat([self.observations, self.actions], 1))
        if self.stacked:
            critic_loss = F.mse_loss(q, y.expand_as(q))  # the mean over both = half the sum of the means
        else:
            critic_loss = 0.5 * (F.mse_loss(q[0], y) + F.mse_loss(q[1], y))
        self.critics.minimise(critic_loss)

        action, log_prob = squash(plain_forward(self.actor.layers, self.observations, relu), self.noise_current)
        # only the critics' input gradient is needed: their parameters stand aside
        layers = [(w.detach(), b.detach()) for w, b in self.critics.layers]
        q0, q1 = self.twin(layers, torch.cat([self.observations, action], 1))
        mean_log_prob = log_prob.mean()
        self.loss = alpha * mean_log_prob - torch.minimum(q0, q1).mean()
        self.actor.minimise(self.loss)

        slope = -(mean_log_prob.detach() + self.target_entropy)
        if self.plain_temperature:
            self.temperature_step(slope.item())
        else:
            self.log_alpha.grad = slope.view(1)
            self.temperature_adam.step()
        with torch.no_grad():
            self.polyak(0.005)

    def temperature_step(self, g):
        self.steps += 1
        self.slope_m += 0.1 * (g - self.slope_m)
        self.slope_v += 0.001 * (g * g - self.slope_v)
        m = self.slope_m / (1 - 0.9**self.steps)
        v = self.slope_v / (1 - 0.999**self.steps)
        self.plain_log_alpha -= 3e-4 * m / (math.sqrt(v) + 1e-8)

    def check(self):
        after = self.actor.tensors + self.critics.tensors
        return math.isfinite(self.loss.item()) and any(not torch.equal(x, y) for x, y in zip(self.before, after))


class EnsembleStep:
    """Negative log-likelihood with learned bounds of the log variance (PETS), weight decay, Adam."""

    VARIANTS = [f'{net}+{optimiser}' for net in ['loop', 'stacked'] for optimiser in OPTIMISERS]

    def __init__(self, case, variant):
        net, optimiser = variant.split('+')
        members, batch, outputs = case['members'], case['batch'], case['outputs']
        widths = [case['inputs'], *case['hidden'], 2 * outputs]
        self.members, self.loop, self.depth = members, net == 'loop', len(widths) - 1
        decay = []
        for d in case['weightDecay']:
            decay += [d, 0.0]
        if self.loop:
            layers = [layer for _ in range(members) for layer in plain_mlp(widths)]
            decay = decay * members
        else:
            layers = stacked_mlp(members, widths)
        layers.append((torch.full((outputs,), 0.5), torch.full((outputs,), -10.0)))  # bounds: (max, min)
        self.parameters = Parameters(layers, optimiser, 1e-3, decay + [0.0, 0.0])
        self.x, self.y = torch.randn(members, batch, widths[0]), torch.randn(members, batch, outputs)
        self.before = [t.detach().clone() for t in self.parameters.tensors]
        self.loss = None

    def step(self):
        *layers, (maximum, minimum) = self.parameters.layers
        if self.loop:
            n = self.depth
            head = torch.stack(
                [plain_forward(layers[e * n : (e + 1) * n], self.x[e], F.silu) for e in range(self.members)]
            )
        else:
            head = stacked_forward(layers, self.x, F.silu)
        mean, raw = head.chunk(2, -1)
        log_variance = maximum - F.softplus(maximum - raw)
        log_variance = minimum + F.softplus(log_variance - minimum)
        fit = ((mean - self.y).square() * torch.exp(-log_variance) + log_variance).mean() * self.members
        self.loss = fit + 0.01 * (maximum - minimum).sum()
        self.parameters.minimise(self.loss)

    def check(self):
        changed = any(not torch.equal(x, y) for x, y in zip(self.before, self.parameters.tensors))
        return math.isfinite(self.loss.item()) and changed


class PolicyForward:
    VARIANTS = ['linear', 'addmv']

    def __init__(self, case, variant):
        layers = plain_mlp([case['observations'], *case['hidden'], 2 * case['actions']])
        # acting needs the mean only
        layers[-1] = (layers[-1][0][: case['actions']].contiguous(), layers[-1][1][: case['actions']].contiguous())
        self.layers = layers
        rows = case['batch']
        self.x = torch.randn(rows, case['observations'])
        self.step = self.vector if variant == 'addmv' and rows == 1 else self.matrix
        self.action = None

    def matrix(self):
        with torch.inference_mode():
            self.action = torch.tanh_(plain_forward(self.layers, self.x, relu))

    def vector(self):
        with torch.inference_mode():
            x = self.x[0]
            for w, b in self.layers[:-1]:
                x = torch.relu_(torch.addmv(b, w, x))
            self.action = torch.tanh_(torch.addmv(self.layers[-1][1], self.layers[-1][0], x))

    def check(self):
        return bool(torch.isfinite(self.action).all()) and bool((self.action.abs() <= 1).all())


WORK = {
    'matmul': Matmul,
    'forward': Forward,
    'forward-backward': Forward,
    'sac-update': SacUpdate,
    'ensemble-step': EnsembleStep,
    'policy-forward': PolicyForward,
}


def fastest(case, seconds):
    """Every variant made once, then tried in turns; the fastest is kept."""
    kind = WORK[case['kind']]
    trials = {}
    for variant in kind.VARIANTS:
        torch.manual_seed(1)
        work = kind(case, variant)
        work.step()
        work.step()
        trials[variant] = (work, [timed(work.step)])
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for work, times in trials.values():
            times.append(timed(work.step))
    # the first quartile, which other programs on the machine disturb less than the median
    typical = {variant: sorted(times)[len(times) // 4] for variant, (_, times) in trials.items()}
    best = min(typical, key=typical.get)
    return trials[best][0], {'variant': best, 'estimateMs': typical[best], 'variants': typical}


def core_name():
    try:
        function = ctypes.CDLL('libblas.so.3').openblas_get_corename
        function.restype = ctypes.c_char_p
        return function().decode()
    except (OSError, AttributeError):
        return 'unknown'  # libblas.so.3 is not OpenBLAS


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's; it ends this process
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    gc.disable()
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request['do'] == 'hello':
                answer = {
                    'version': torch.__version__,
                    'python': platform.python_version(),
                    'core': core_name(),
                    'threads': torch.get_num_threads(),
                }
            elif request['do'] == 'open':
                work, answer = fastest(request['case'], request['seconds'])
            elif request['do'] == 'time':
                step = work.step
                answer = {'timesMs': [timed(step) for _ in range(request['repetitions'])]}
            elif request['do'] == 'close':
                answer = {'checked': True} if work.check() else {'error': 'the work was not done: see check()'}
                work = None
                gc.collect()
            else:
                answer = {'error': f"unknown request '{request['do']}'"}
        except Exception as error:  # told to the parent, which names the case
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()
