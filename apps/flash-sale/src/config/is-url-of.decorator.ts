import { ValidateBy, type ValidationOptions } from 'class-validator';

/** Accepts URLs with one of these protocols, each with its colon: `['redis:', 'rediss:']`. */
export function IsUrlOf(protocols: readonly string[], options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isUrlOf',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && URL.canParse(value) && protocols.includes(new URL(value).protocol),
      },
    },
    options,
  );
}
