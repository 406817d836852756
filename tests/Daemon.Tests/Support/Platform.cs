using System.Runtime.Versioning;

// The service knows no other system, and so its tests may use what only Linux has.
[assembly: SupportedOSPlatform("linux")]
