/** Whether the long tests run (`npm run test:long`): then those that count rounds make many of them. */
const isLong = process.env['FINGERPOST_LONG'] !== undefined

/** How many rounds to make, of a test that finds more the more it makes: few in `npm test`, many in `npm run test:long`. */
export function rounds(few: number, many: number): number {
  return isLong ? many : few
}
