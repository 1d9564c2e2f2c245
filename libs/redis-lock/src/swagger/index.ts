export { ApiIdempotent, type ApiIdempotentOptions } from './api-idempotent.decorator.js';
export { ApiPreventDuplicate, type ApiPreventDuplicateOptions } from './api-prevent-duplicate.decorator.js';
