/** Import direction: each row names a folder and all that it may import from this project. */
const may = {
  'src/core': [],
  'src/robot': ['src/core'],
  'src/safety': ['src/core', 'src/robot'],
  'src/env': ['src/core', 'src/robot', 'src/safety'],
  'src/compute': ['src/core'],
  'src/rl': ['src/core', 'src/env', 'src/compute', 'src/safety', 'src/robot'],
  'src/data': ['src/core', 'src/robot', 'src/env'],
  'src/io/rtps': ['src/core'],
  'src/io/ros': ['src/core', 'src/safety', 'src/io/rtps'],
  'src/io/ipc': ['src/core', 'src/safety'],
  'src/guard': ['src/core', 'src/robot', 'src/safety', 'src/env', 'src/io'],
  'src/agent': ['src/core', 'src/robot', 'src/safety', 'src/env', 'src/rl', 'src/data', 'src/io'],
  'src/recorder': ['src/core', 'src/robot', 'src/env', 'src/safety', 'src/data', 'src/io'],
  'src/supervisor': [
    'src/core',
    'src/robot',
    'src/safety',
    'src/env',
    'src/data',
    'src/io',
    'src/guard',
    'src/agent',
    'src/recorder',
  ],
  'src/report': ['src/core', 'src/data'],
  sim: ['src/core', 'src/robot', 'src/safety', 'src/env', 'src/io'],
};
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(may).map(([folder, allowed]) => ({
      name: `direction:${folder}`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: '^(src|sim|bench|test)/', pathNot: [folder, ...allowed].map((f) => `^${f}/`) },
    })),
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^(src|sim)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'guard-has-no-learning',
      severity: 'error',
      from: { path: '^src/guard/' },
      to: { path: '@tensorflow|@mujoco', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
