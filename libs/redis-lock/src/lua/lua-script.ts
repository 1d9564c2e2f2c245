/** A server-side script as the build writes it: comments and includes are resolved, `sha1` is that of `source`. */
export interface LuaScript {
  readonly name: string;
  readonly sha1: string;
  readonly source: string;
}
