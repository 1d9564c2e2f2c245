// npm run soak [-- --only records,processes,disconnects,store-down] [--keys n] [--signals n] …: the crash runs in their full size.
import '../../../tools/typescript-loader.mjs';

await import(new URL('./soak-runs.ts', import.meta.url).href);
