// Evaluated in the page: names every stylesheet, imported ones included, font and image that isn't there.
;(async () => {
  await document.fonts.ready
  const broken = []
  const look = (sheet, name) => {
    if (sheet === null) broken.push(`stylesheet ${name}`)
    else
      for (const rule of sheet.cssRules) if (rule instanceof CSSImportRule) look(rule.styleSheet, rule.href)
  }
  for (const link of document.querySelectorAll('link[rel=stylesheet]')) look(link.sheet, link.href)
  for (const font of document.fonts) if (font.status === 'error') broken.push(`font ${font.family}`)
  for (const image of document.images) if (!image.complete || image.naturalWidth === 0) broken.push(image.src)
  return broken
})()
