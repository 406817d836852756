namespace AtomikD.Configuration;

/// <summary>The name of a route: <c>[a-z0-9][a-z0-9_-]{0,31}</c>.</summary>
internal static class RouteName
{
    public const int MaxLength = 32;

    public static bool IsValid(string name) => name.Length is > 0 and <= MaxLength && char.IsAsciiLetterOrDigit(name[0]) &&
        name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-');
}
