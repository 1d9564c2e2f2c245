// For `node --import`: installs the hooks beside this file.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
