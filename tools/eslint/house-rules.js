import { basename } from 'node:path';

const KEBAB_CASE_WITH_ROLES = /^[a-z0-9]+([-.][a-z0-9]+)*$/;
const SAYS_NOTHING = /(^|[-.])(utils?|helpers?|managers?|misc|common)([-.]|$)/;

/**
 * A file is named in kebab-case with its role as a suffix, and for what is in it.
 * @type {import('eslint').Rule.RuleModule}
 */
const fileName = {
  meta: { type: 'suggestion', schema: [] },
  create: (context) => ({
    Program(node) {
      const name = basename(context.filename).replace(/^\./, '');
      if (!KEBAB_CASE_WITH_ROLES.test(name)) {
        context.report({ node, message: `'${name}' is not in kebab-case with a role suffix, like 'lock-busy.error.ts'.` });
      } else if (SAYS_NOTHING.test(name)) {
        context.report({ node, message: `'${name}' does not say what is in it.` });
      }
    },
  }),
};

export const house = { rules: { 'file-name': fileName } };
