import { ValidateBy, type ValidationOptions } from 'class-validator';
import { validateCronExpression } from 'cron';

/** Accepts what `@nestjs/schedule` can run. */
export function IsCronExpression(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isCronExpression',
      validator: { validate: (value: unknown) => typeof value === 'string' && validateCronExpression(value).valid },
    },
    options,
  );
}
