import { ValidateBy, type ValidationArguments, type ValidationOptions } from 'class-validator';

/** Refuses the value of another property of the same object. */
export function DiffersFrom(other: string, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'differsFrom',
      validator: {
        validate: (value: unknown, given?: ValidationArguments) => given === undefined || value !== Reflect.get(given.object, other),
        defaultMessage: () => `$property must differ from ${other}`,
      },
    },
    options,
  );
}
