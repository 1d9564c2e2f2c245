/** RFC 9110, section 5.6.2: a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** Whether a text can be the name of an HTTP header. */
export function isFieldName(text: unknown): text is string {
  return typeof text === 'string' && TOKEN.test(text);
}
