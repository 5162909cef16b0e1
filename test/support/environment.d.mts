export const UMASK: number
export function cleanEnvironment(caller?: NodeJS.ProcessEnv): NodeJS.ProcessEnv
