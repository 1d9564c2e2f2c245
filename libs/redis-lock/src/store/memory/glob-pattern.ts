/** A glob as SCAN's MATCH understands it (`*`, `?`, `[a-z]`, `[^x]`, `\` before a literal character), as an expression. */
export function globPattern(glob: string): RegExp {
  let expression = '';
  for (let at = 0; at < glob.length; at++) {
    const char = glob.charAt(at);
    const close = char === '[' ? glob.indexOf(']', at + 1) : -1;
    if (char === '*') expression += '.*';
    else if (char === '?') expression += '.';
    else if (close > at + 1) {
      expression += `[${glob.slice(at + 1, close).replace(/[\\[]/g, '\\$&')}]`;
      at = close;
    } else if (char === '\\' && at + 1 < glob.length) expression += literal(glob.charAt(++at));
    else expression += literal(char);
  }
  return new RegExp(`^${expression}$`, 's');
}

function literal(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
