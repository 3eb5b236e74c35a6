import prettier from 'eslint-config-prettier';

import regexp from 'eslint-plugin-regexp';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

/** Code is wrapped by Prettier; comments and strings by hand. */
const maxLength = { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true };

const tupleOfConstants = {
  selector: 'VariableDeclarator[id.type="ArrayPattern"][init.type="ArrayExpression"]',
  message: 'One constant a line: a tuple is for a real pair.',
};

export default tseslint.config(
  { ignores: ['dist/**', 'bench-results/**', 'arcbench-workspace/**', 'node_modules/**', 'docs/**'] },
  tseslint.configs.strict,
  vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
  },
  prettier,
  {
    rules: {
      'no-nested-ternary': 'error',
      // Index access is checked (noUncheckedIndexedAccess): `!` says that an index is in range.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'max-len': ['error', maxLength],
      'no-restricted-syntax': ['error', tupleOfConstants],
    },
  },
  {
    // Names, files and messages come from strangers: every expression is linear in its text.
    files: ['src-*/**', 'scripts/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  {
    // What has waited does not lead away a user who went elsewhere meanwhile.
    files: ['src-renderer/views/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        tupleOfConstants,
        ...[':function[async=true]', 'CallExpression[callee.property.name="then"] > ArrowFunctionExpression'].map(
          (waits) => ({
            selector: `${waits} CallExpression[callee.object.name="router"][callee.property.name="push"]`,
            message: 'Take wayOn(router) before waiting, and call that.',
          }),
        ),
      ],
    },
  },
  {
    files: ['**/*.vue'],
    rules: {
      'max-len': 'off',
      // A file has the name of its concept; Vue checks the types of optional props.
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/max-len': [
        'error',
        { ...maxLength, template: 120, ignoreHTMLAttributeValues: true, ignoreHTMLTextContents: true },
      ],
    },
  },
);
