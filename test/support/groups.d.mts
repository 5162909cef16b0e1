export function groupFiles(folder: string, files: readonly string[], place: string): string[]
