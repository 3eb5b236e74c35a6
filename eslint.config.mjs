import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

/** Code is wrapped by Prettier; comments and strings by hand. */
const maxLength = { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true };

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
      'max-len': ['error', maxLength],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'VariableDeclarator[id.type="ArrayPattern"][init.type="ArrayExpression"]',
          message: 'One constant a line: a tuple is for a real pair.',
        },
      ],
    },
  },
  {
    files: ['**/*.vue'],
    rules: {
      'max-len': 'off',
      'vue/max-len': [
        'error',
        { ...maxLength, template: 120, ignoreHTMLAttributeValues: true, ignoreHTMLTextContents: true },
      ],
    },
  },
);
