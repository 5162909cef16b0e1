/** What the page of formulas shows: TeX, and what it is good for. */
export const FORMULAS = [
  {
    title: 'How far?',
    icon: 'ruler',
    tex: String.raw`d = 2R \arcsin\sqrt{\sin^2\frac{\varphi_2-\varphi_1}{2} + \cos\varphi_1\cos\varphi_2\,\sin^2\frac{\lambda_2-\lambda_1}{2}}`,
    text: 'The haversine formula gives the length of the great circle between two places. The older law of cosines says the same, and loses its digits when they are near.',
  },
  {
    title: 'Which way?',
    icon: 'compass',
    tex: String.raw`\tan\theta = \frac{\sin\Delta\lambda\,\cos\varphi_2}{\cos\varphi_1\sin\varphi_2 - \sin\varphi_1\cos\varphi_2\cos\Delta\lambda}`,
    text: 'The course to steer at departure. It is right for one moment only: along a great circle the compass never stands still.',
  },
  {
    title: 'What Mercator did',
    icon: 'map',
    tex: String.raw`y = R \int_0^{\varphi} \frac{\mathrm d t}{\cos t} = R \ln\tan\left(\frac{\pi}{4} + \frac{\varphi}{2}\right)`,
    text: 'Stretch every parallel to the length of the equator, then stretch the meridians by as much. Angles survive, areas do not.',
  },
  {
    title: 'The price of a steady course',
    icon: 'ship',
    tex: String.raw`\ell = R\sqrt{\Delta\varphi^2 + q^2\,\Delta\lambda^2}, \qquad q = \begin{cases} \Delta\varphi / \Delta\psi & \Delta\psi \neq 0 \\ \cos\varphi & \Delta\psi = 0 \end{cases}`,
    text: 'The rhumb line keeps one bearing all the way. It is the straight line on the chart, and the detour at sea.',
  },
  {
    title: 'A place as a vector',
    icon: 'cube',
    tex: String.raw`\mathbf n = \begin{pmatrix} \cos\varphi\cos\lambda \\ \cos\varphi\sin\lambda \\ \sin\varphi \end{pmatrix}, \qquad \mathbf n(t) = \frac{\sin (1-t)\sigma}{\sin\sigma}\,\mathbf n_1 + \frac{\sin t\sigma}{\sin\sigma}\,\mathbf n_2`,
    text: 'On the unit sphere $\\mathcal S^2 \\subset \\mathbb R^3$ the way between two places is plain interpolation. The line on the map page is drawn with it.',
  },
  {
    title: 'How far can the lighthouse be seen?',
    icon: 'tower-observation',
    tex: String.raw`d_{\text{nm}} \approx 2.08\left(\sqrt{h_{\text{light}}} + \sqrt{h_{\text{eye}}}\right) \quad [h]=\mathsf{m}`,
    text: 'Heights in metres, distance in nautical miles; the factor holds the curvature of the Earth and what the air bends back.',
  },
]
