/**
 * A certificate that signed itself, for s3.localhost and every bucket below it, until the year 2126. Its key is known
 * to everybody who reads this, so it protects nothing.
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBrjCCAVSgAwIBAgIUATv8rs+A80IhyfuV1VQspGXvQi4wCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMczMubG9jYWxob3N0MCAXDTI2MTEyMTAwMzcyNloYDzIxMjYx
MDI4MDAzNzI2WjAXMRUwEwYDVQQDDAxzMy5sb2NhbGhvc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARQ7nPRAA7cPIgMCkAHaQVYIDsCs4Pv9hBSsBoyou9VoK1z
c96CdiBjgtxEwgI4M1y/IHN6YbRwyjc5hrkVnHK3o3wwejAdBgNVHQ4EFgQUxJBa
gWsmdCqRScc/WsHpv5oERdEwHwYDVR0jBBgwFoAUxJBagWsmdCqRScc/WsHpv5oE
RdEwDwYDVR0TAQH/BAUwAwEB/zAnBgNVHREEIDAeggxzMy5sb2NhbGhvc3SCDiou
czMubG9jYWxob3N0MAoGCCqGSM49BAMCA0gAMEUCIFiSRSwDsJIX8dRm2fPK1+NX
9oN7JrOd/C0cMBmQ7JSDAiEAxPfef1MQ+60b/ld4KHVSVOlCN5eIFttECekdNIci
wBc=
-----END CERTIFICATE-----
`

export const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPmq86IjNGe90zCLO
FALKAFqOtdKdx655zr+TlVENB4OhRANCAARQ7nPRAA7cPIgMCkAHaQVYIDsCs4Pv
9hBSsBoyou9VoK1zc96CdiBjgtxEwgI4M1y/IHN6YbRwyjc5hrkVnHK3
-----END PRIVATE KEY-----
`
