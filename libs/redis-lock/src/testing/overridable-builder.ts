/** What is needed of Nest's TestingModuleBuilder; `@nestjs/testing` is no dependency of this package. */
export interface OverridableBuilder<Builder> {
  overrideProvider(token: string): {
    useFactory(options: { inject: string[]; factory: (options: never) => unknown }): Builder;
  };
}
