using System.Net;

namespace AtomikD.Admin;

/// <summary>
/// The names under which the admin address may be asked for. A web page elsewhere can have its own name lead here (DNS
/// rebinding) and would then be let read the answers; it cannot have a browser say an address or this machine's name.
/// </summary>
internal sealed class AdminHosts
{
    private readonly HashSet<string> _names;

    private AdminHosts(IEnumerable<string> names) => _names = new HashSet<string>(names, StringComparer.OrdinalIgnoreCase);

    /// <param name="admin">As configured; empty = none.</param>
    public static AdminHosts Of(string admin)
    {
        bool isLocal = !IPEndPoint.TryParse(admin, out IPEndPoint? address) || IPAddress.IsLoopback(address.Address);
        return isLocal ? new AdminHosts(["localhost"]) : OfMachine(Environment.MachineName, ReadLines("/etc/hosts"), ReadLines("/etc/resolv.conf"));
    }

    /// <summary>What resolvers call this machine, without asking one: its lines in hosts, and the domains that are searched.</summary>
    public static AdminHosts OfMachine(string machine, IEnumerable<string> hosts, IEnumerable<string> resolver)
    {
        var names = new List<string> { "localhost", machine };
        foreach (string[] words in hosts.Select(WordsOf))
        {
            if (words.Skip(1).Contains(machine, StringComparer.OrdinalIgnoreCase))
                names.AddRange(words.Skip(1));
        }
        foreach (string[] words in resolver.Select(WordsOf))
        {
            if (words.Length > 1 && words[0] is "search" or "domain")
                names.AddRange(words.Skip(1).Select(domain => $"{machine}.{domain.TrimEnd('.')}"));
        }
        return new AdminHosts(names);
    }

    /// <param name="host">Of the request, without its port.</param>
    public bool Has(string host) => _names.Contains(host.TrimEnd('.')) || IsAddress(host);

    private static bool IsAddress(string host)
    {
        // "0x7f000001" and "127.1" are addresses too, but no browser says them so.
        bool isV6 = host.StartsWith('[') && host.EndsWith(']');
        ReadOnlySpan<char> text = isV6 ? host.AsSpan(1, host.Length - 2) : host;
        return IPAddress.TryParse(text, out IPAddress? address) && (isV6 || address.ToString().Equals(host, StringComparison.Ordinal));
    }

    private static string[] WordsOf(string line) => line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
