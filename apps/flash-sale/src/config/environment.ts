import { plainToInstance, Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min, validateSync } from 'class-validator';
import { ConfigurationError } from './configuration.error.js';
import { IsCronExpression } from './is-cron-expression.decorator.js';
import { IsUrlOf } from './is-url-of.decorator.js';

/** Everything that can be set from outside, by environment variables or a `.env` file in the working directory. */
export class Environment {
  /** 0 takes any free port. */
  @Type(() => Number)
  @Max(65_535, { message: 'must not be above 65535' })
  @Min(0, { message: 'must not be below 0' })
  @IsInt({ message: 'must be a whole number' })
  readonly PORT: number = 3000;

  /** Where to listen; `0.0.0.0` is everywhere. */
  @IsString()
  readonly HOST: string = '127.0.0.1';

  /** Where the locks live. Without it they are in memory, which is right for one process only. */
  @IsOptional()
  @IsUrlOf(['redis:', 'rediss:'], { message: 'must be a URL such as redis://localhost:6379' })
  readonly REDIS_URL: string | null = null;

  /** Keeps the locks of applications apart that share one Redis. */
  @Length(1, 100, { message: 'must have 1 to 100 characters' })
  readonly LOCK_KEY_PREFIX: string = 'lock:';

  /** How long a request whose process has died stays in progress, in ms. */
  @Type(() => Number)
  @Max(3_600_000, { message: 'must not be above 3600000' })
  @Min(1_000, { message: 'must not be below 1000' })
  @IsInt({ message: 'must be a whole number' })
  readonly IDEMPOTENCY_LEASE_MS: number = 30_000;

  /** A PostgreSQL database. Without it the data is in DATABASE_FILE. */
  @IsOptional()
  @IsUrlOf(['postgres:', 'postgresql:'], { message: 'must be a URL such as postgres://user:password@localhost:5432/shop' })
  readonly DATABASE_URL: string | null = null;

  /** A SQLite file, made where it is missing. Several processes may share it. */
  @IsString()
  readonly DATABASE_FILE: string = 'flash-sale.sqlite';

  /** When the daily statistics are made, in the server's time zone. Every instance must have the same. */
  @IsCronExpression({ message: "must be a cron expression such as '0 0 * * *'" })
  readonly STATS_CRON: string = '0 0 * * *';

  /** `json` writes one object per line, for programs that read logs. */
  @IsIn(['text', 'json'], { message: "must be 'text' or 'json'" })
  readonly LOG_FORMAT: 'text' | 'json' = 'text';
}

/**
 * Picks out what concerns this application, checks it and adds the defaults.
 * @throws ConfigurationError that names every wrong value
 */
export function validateEnvironment(variables: Record<string, unknown>): Environment {
  // `NAME=` in a shell or a .env file is how people say "not set".
  const given = Object.keys(new Environment()).filter((name) => (variables[name] ?? '') !== '');
  const environment = plainToInstance(Environment, Object.fromEntries(given.map((name) => [name, variables[name]])), {
    exposeDefaultValues: true,
  });
  const faults = validateSync(environment, { stopAtFirstError: true }).map(({ property, constraints = {} }) => {
    const [why = 'is wrong'] = Object.values(constraints);
    return `${property} ${why}, not '${withoutCredentials(String(variables[property]))}'`;
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
  return environment;
}

function withoutCredentials(value: string): string {
  return value.replace(/\/\/.*@/, '//***@');
}
