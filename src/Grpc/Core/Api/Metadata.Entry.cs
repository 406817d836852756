using System.Buffers;
using System.Text;

namespace Grpc.Core;

internal sealed partial class Metadata
{
    internal sealed class Entry
    {
        private static readonly SearchValues<char> s_keyCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_-.");

        private readonly string? _value;
        private readonly byte[]? _bytes;

        public Entry(string key, byte[] valueBytes)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            Key = Normalize(key);
            if (!IsBinary)
                throw new ArgumentException("The key of a value of bytes ends in -bin.", nameof(key));
            _bytes = [.. valueBytes];
        }

        public Entry(string key, string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Key = Normalize(key);
            if (IsBinary)
                throw new ArgumentException("A key that ends in -bin takes bytes.", nameof(key));
            foreach (char c in value)
            {
                if (c is < ' ' or > '~')
                    throw new ArgumentException("A value is printable ASCII; other values need a key that ends in -bin.", nameof(value));
            }
            _value = value;
        }

        private Entry(string key, string? value, byte[]? bytes)
        {
            Key = key;
            _value = value;
            _bytes = bytes;
        }

        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        public string Value => _value ?? throw new InvalidOperationException("The value is binary.");

        public byte[] ValueBytes => _bytes is null ? Encoding.ASCII.GetBytes(_value!) : [.. _bytes];

        public override string ToString() => IsBinary ? $"[Entry: key={Key}, valueBytes={_bytes!.Length}]" : $"[Entry: key={Key}, value={_value}]";

        /// <summary>What came over the wire is taken as it is: a peer's odd bytes must not throw here.</summary>
        internal static Entry Received(string key, string value) => new(key.ToLowerInvariant(), value, null);

        internal static Entry Received(string key, byte[] bytes) => new(key.ToLowerInvariant(), null, bytes);

        internal ReadOnlySpan<byte> Bytes => _bytes;

        private static string Normalize(string key)
        {
            ArgumentException.ThrowIfNullOrEmpty(key);
            string lower = key.ToLowerInvariant();
            if (lower.AsSpan().ContainsAnyExcept(s_keyCharacters))
                throw new ArgumentException("A key is made of letters, digits, '_', '-' and '.'.", nameof(key));
            return lower;
        }
    }
}
