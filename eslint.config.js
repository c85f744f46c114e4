import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const injectedTimeAndChance = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Inject a Clock (src/core/clock.ts).',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Inject a Clock (src/core/clock.ts).',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Inject an Rng (src/core/rng.ts).',
  },
  {
    selector: "CallExpression[callee.object.name='performance'][callee.property.name='now']",
    message: 'Inject a Clock (src/core/clock.ts).',
  },
];

export default tseslint.config(
  { ignores: ['build', 'dist', 'node_modules', 'runs', 'coverage', 'reports', '.stryker-tmp'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // numeric inner loops index typed arrays under noUncheckedIndexedAccess
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'sim/**/*.ts'],
    ignores: ['src/core/**'],
    rules: { 'no-restricted-syntax': ['error', ...injectedTimeAndChance] },
  },
  {
    files: ['*.config.ts', '*.config.js', '.dependency-cruiser.cjs', 'native/*.{js,cjs}', 'test/*.js'],
    ...tseslint.configs.disableTypeChecked,
  },
  { files: ['*.config.ts', '*.config.js'], rules: { 'no-restricted-exports': 'off' } },
  {
    files: ['native/*.js', 'test/*.js'],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', structuredClone: 'readonly', URL: 'readonly' },
    },
  },
  { files: ['**/*.cjs'], languageOptions: { globals: { module: 'writable' } } },
  {
    files: ['native/*.cjs'],
    languageOptions: { globals: { __dirname: 'readonly', console: 'readonly', require: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
