// npm run soak [-- --only simulation,records,processes,disconnects,store-down] [--histories n] [--keys n] [--signals n] …: the crash runs and the simulation in their full size.
import '../../tools/typescript-loader.mjs';

await import(new URL('./soak-runs.ts', import.meta.url).href);
