using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace AtomikD.Admin.Page;

/// <summary>
/// Writes markup. Literal text of an interpolated string is markup; what is put in is data, and is encoded, but for numbers and
/// for what was written by another writer. So nobody can forget it.
/// </summary>
internal sealed class HtmlWriter
{
    private static readonly HtmlEncoder s_encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _text = new();

    public HtmlWriter Add([InterpolatedStringHandlerArgument("")] Markup markup)
    {
        _ = markup;
        return this;
    }

    /// <summary>Everything so far, as a part of another document.</summary>
    public Html ToHtml() => new(_text.ToString());

    public override string ToString() => _text.ToString();

    public static string Encode(string text) => s_encoder.Encode(text);

    [InterpolatedStringHandler]
    internal readonly ref struct Markup(int literalLength, int formattedCount, HtmlWriter writer)
    {
        private readonly StringBuilder _text = Grown(writer._text, literalLength + (16 * formattedCount));

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(string? data) => _text.Append(Encode(data ?? ""));

        public void AppendFormatted(long number) => _text.Append(CultureInfo.InvariantCulture, $"{number}");

        public void AppendFormatted(Html markup) => _text.Append(markup.Text);

        private static StringBuilder Grown(StringBuilder text, int by)
        {
            text.EnsureCapacity(text.Length + by);
            return text;
        }
    }
}

/// <summary>Markup that was written by an <see cref="HtmlWriter"/>.</summary>
internal readonly record struct Html(string Text)
{
    public static Html None { get; } = new("");
}
