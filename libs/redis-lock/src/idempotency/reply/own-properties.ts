/**
 * Puts properties in front of those that an object has, its own ones too (other libraries patch responses as well), until the function
 * that it returns is called.
 */
export function overlay(target: object, properties: PropertyDescriptorMap): () => void {
  const names = Object.keys(properties);
  const before = names.map((name) => Object.getOwnPropertyDescriptor(target, name));
  for (const name of names) Object.defineProperty(target, name, { ...properties[name], configurable: true });
  return () => {
    names.forEach((name, i) => {
      const own = before[i];
      if (own === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, own);
    });
  };
}
