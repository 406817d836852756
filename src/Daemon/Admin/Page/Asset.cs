using System.Security.Cryptography;
using System.Text;

namespace AtomikD.Admin.Page;

/// <summary>A file that is kept in the program.</summary>
/// <param name="Text">Its contents.</param>
/// <param name="Utf8">The same, in bytes.</param>
/// <param name="Hash">As a content security policy names it.</param>
internal sealed record Asset(string Text, byte[] Utf8, string Hash)
{
    public static Asset Read(string name)
    {
        using Stream file = typeof(Asset).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The program has no {name}.");
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        byte[] utf8 = bytes.ToArray();
        return new Asset(Encoding.UTF8.GetString(utf8), utf8, $"'sha256-{Convert.ToBase64String(SHA256.HashData(utf8))}'");
    }
}
