// npm run soak [-- --only simulation,model,kinds,records,processes,disconnects,store-down] [--histories n] [--runs n] [--seconds n] [--keys n] [--signals n] …: the crash runs and the simulation in their full size.
import '../../tools/typescript-loader.mjs';

await import(new URL('./soak-runs.ts', import.meta.url).href);
