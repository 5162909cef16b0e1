declare global {
  interface WindowEventMap {
    /** A newer build is in service than the one that the page was made with. Raised once. */
    'fingerpost:outdated': { readonly detail: { readonly version: string } }
  }
}

export {}
