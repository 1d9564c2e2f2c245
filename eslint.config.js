import tseslint from 'typescript-eslint';
import { house } from './tools/eslint/house-rules.js';

const TYPESCRIPT = ['**/*.ts'];
const SCRIPTS = ['**/*.{js,mjs,cjs}'];
const OUTSIDE_SRC = ['test/**', 'bench/**', 'tools/**', '**/scripts/**', '*.config.js', '.*.mjs'];

export default tseslint.config(
  { ignores: ['**/dist/', '**/dist.*/', '**/node_modules/', '**/coverage/', '**/.cache/', '**/*.generated.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: TYPESCRIPT,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Files with decorators are left out by the rule itself: emitDecoratorMetadata needs their imports as values.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A literal beside `string` tells the reader what the string may be.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // Nest declares many of its option types as classes; a literal of the right shape is what they are for.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // It does not see that a public constructor may be there to widen a protected one.
      '@typescript-eslint/no-useless-constructor': 'off',
      // `async` also turns what a method throws into a rejection, which is what its interface promises.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: SCRIPTS, extends: [tseslint.configs.base] },
  {
    files: [...TYPESCRIPT, ...SCRIPTS],
    plugins: { house },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'house/file-name': 'error',
      'max-lines': ['error', 300],
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@nestjs/*/*'], message: 'Import from the package itself: deep paths are not its API.' }] },
      ],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
      'prefer-const': 'error',
    },
  },
  {
    files: OUTSIDE_SRC,
    rules: { 'no-console': 'off', 'no-restricted-syntax': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Answers of HTTP servers and child processes come in as `any`, fakes are empty,
      // and the provider under test is often a class with one method.
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
