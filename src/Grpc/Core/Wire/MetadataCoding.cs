namespace Grpc.Core.Wire;

/// <summary>Metadata as header values: text as it stands, bytes in base64.</summary>
internal static class MetadataCoding
{
    private static readonly string[] s_padding = ["", "", "==", "="];

    public static string Encode(Metadata.Entry entry) =>
        entry.IsBinary ? Convert.ToBase64String(entry.Bytes).TrimEnd('=') : entry.Value;

    /// <summary>Adds a received header; throws INTERNAL when its bytes are not base64.</summary>
    public static void AddReceived(Metadata metadata, string name, string value)
    {
        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
        {
            metadata.Add(Metadata.Entry.Received(name, value));
            return;
        }
        // Headers of one name may have been joined by commas on their way; base64 has none.
        foreach (string part in value.Split(',', StringSplitOptions.TrimEntries))
            metadata.Add(Metadata.Entry.Received(name, DecodeBytes(name, part)));
    }

    private static byte[] DecodeBytes(string name, string text)
    {
        string bare = text.TrimEnd('=');
        try
        {
            return Convert.FromBase64String(bare + s_padding[bare.Length % 4]);
        }
        catch (FormatException)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"The metadata {name} is not base64."));
        }
    }
}
