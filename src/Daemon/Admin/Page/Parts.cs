using System.Globalization;

namespace AtomikD.Admin.Page;

/// <summary>Small parts that sections share.</summary>
internal static class Parts
{
    /// <summary>A moment, for people and machines.</summary>
    public static Html Instant(DateTimeOffset at, bool isToday = false)
    {
        string iso = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string shown = at.UtcDateTime.ToString(isToday ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new HtmlWriter().Add($"""<time datetime="{iso}">{shown} UTC</time>""").ToHtml();
    }

    /// <summary>A moment, and how long ago it was.</summary>
    public static Html Moment(DateTimeOffset at, DateTimeOffset now)
    {
        TimeSpan age = now > at ? now - at : TimeSpan.Zero;
        return new HtmlWriter().Add($"""{Instant(at, at.UtcDateTime.Date == now.UtcDateTime.Date)} <span class="ago">{Words.Age(age)} ago</span>""").ToHtml();
    }

    /// <summary>A name is data: encoded, apart from the direction of the text around it, and without what cannot be seen.</summary>
    public static Html Name(string name) => new HtmlWriter().Add($"""<bdi class="name">{Words.Safe(name)}</bdi>""").ToHtml();

    public static Html Figure(string term, string value, string note = "", bool isLoud = false) => new HtmlWriter()
        .Add($"""<div class="figure{(isLoud ? " loud" : "")}"><dt>{term}</dt><dd>{value}""")
        .Add($"""{(note.Length == 0 ? Html.None : new HtmlWriter().Add($"""<span class="note">{note}</span>""").ToHtml())}</dd></div>""")
        .ToHtml();

    /// <summary>Columns by their headings; on narrow screens each cell says its own.</summary>
    public static void BeginTable(HtmlWriter html, string caption, params ReadOnlySpan<string> headings)
    {
        html.Add($"""<table role="table"><caption>{caption}</caption><thead role="rowgroup"><tr role="row">""");
        foreach (string heading in headings)
            html.Add($"""<th scope="col" role="columnheader">{heading}</th>""");
        html.Add($"""</tr></thead><tbody role="rowgroup">""");
    }

    public static HtmlWriter Cell(this HtmlWriter html, string heading, Html contents) =>
        html.Add($"""<td role="cell" data-label="{heading}"><span>{contents}</span></td>""");

    public static HtmlWriter Cell(this HtmlWriter html, string heading, string text) =>
        html.Add($"""<td role="cell" data-label="{heading}"><span>{text}</span></td>""");

    public static void EndTable(HtmlWriter html) => html.Add($"</tbody></table>");
}
