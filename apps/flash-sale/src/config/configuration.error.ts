/** Values that were set from outside are wrong. The application does not start. */
export class ConfigurationError extends Error {
  constructor(faults: readonly string[]) {
    super(['The configuration is wrong:', ...faults.map((fault) => `  ${fault}.`)].join('\n'));
    this.name = ConfigurationError.name;
  }
}
