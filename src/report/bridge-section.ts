import { figure } from './chart.js';
import { histogramChart } from './histogram-chart.js';
import { html, type Markup } from './html.js';
import { motionCharts } from './motion-charts.js';
import { countNumber, shortNumber } from './numbers.js';
import type { BridgeData } from './report-data.js';

/** What the bridge did: timing, commands, and the motion of one episode. */
export function bridgeSection(bridge: BridgeData): Markup {
  const histograms = [
    histogramChart({
      title: 'Loop period',
      caption:
        'Time between sent commands; logarithmic count.' +
        (bridge.nominalPeriodMs === undefined
          ? ''
          : ` Nominal ${shortNumber(bridge.nominalPeriodMs)} ms: solid line.`),
      axis: 'period [ms]',
      unit: 'ms',
      values: bridge.loopPeriodMs ?? [],
      ...(bridge.nominalPeriodMs === undefined ? {} : { nominal: bridge.nominalPeriodMs }),
    }),
    histogramChart({
      title: 'State-to-command latency',
      caption: 'From receipt of a state to sending its command; logarithmic count.',
      axis: 'latency [ms]',
      unit: 'ms',
      values: bridge.latencyMs ?? [],
    }),
  ].filter((chart) => chart !== undefined);
  const motion = bridge.motion === undefined ? [] : motionCharts(bridge.motion);
  return html`<section aria-labelledby="bridge">
    <h2 id="bridge">Bridge</h2>
    ${counters(bridge)}
    ${histograms.length === 0 ? undefined : html`<div class="figures">${histograms.map(figure)}</div>`}
    ${motion.map(figure)}
  </section>`;
}

function counters({ commandsSent, commandsLimited, violations }: BridgeData): Markup {
  const share = commandsSent > 0 ? ` (${shortNumber((100 * commandsLimited) / commandsSent)} %)` : '';
  const state = violations === 0 ? 'good' : 'bad';
  return html`<dl class="tiles">
    <div>
      <dt>commands sent</dt>
      <dd>${countNumber(commandsSent)}</dd>
    </div>
    <div>
      <dt>changed by the gate</dt>
      <dd>${countNumber(commandsLimited)}<small>${share}</small></dd>
    </div>
    <div>
      <dt>limit violations</dt>
      <dd class="${state}">${countNumber(violations)}</dd>
    </div>
  </dl>`;
}
