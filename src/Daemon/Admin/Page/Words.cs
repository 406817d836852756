using System.Globalization;
using System.Text;
using AtomikD.Commits;

namespace AtomikD.Admin.Page;

/// <summary>Values as people read them.</summary>
internal static class Words
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>What turns the line around or cannot be seen is spelled out: a name must not look like another.</summary>
    public static string Safe(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                safe.Append(c <= 0xFF ? $"\\x{(int)c:x2}" : $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }
        return safe.ToString();
    }

    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < s_units.Length - 1; unit++)
            value /= 1024;
        return unit == 0 ? $"{bytes} B" : $"{value.ToString(value < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} {s_units[unit]}";
    }

    /// <summary>With a thin gap between thousands.</summary>
    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202F');

    public static string Count(long number, string word) => $"{Number(number)} {word}{(number == 1 ? "" : "s")}";

    /// <summary>A count that was not carried on to its end.</summary>
    public static string Counted(long number) => number >= RouteRows.MostCounted ? $"{Number(number)} or more" : Number(number);

    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "0 s",
        { TotalSeconds: < 60 } => $"{Math.Floor(age.TotalSeconds):0} s",
        { TotalMinutes: < 60 } => $"{Math.Floor(age.TotalMinutes):0} min",
        { TotalHours: < 48 } => $"{Math.Floor(age.TotalHours):0} h",
        _ => $"{Math.Floor(age.TotalDays):0} d",
    };

    /// <summary>What a reason means, without naming anything.</summary>
    public static string Meaning(Reason reason) => reason switch
    {
        Reason.TargetExists => "something is live under this name, and the commit did not ask to replace it",
        Reason.ItemNotFound => "the marker had no item beside it",
        Reason.ItemBusy => "the item was still being written",
        Reason.ItemUnsupported => "the item holds something that may not go live: a device, a socket, a link out of it",
        Reason.InvalidName => "the name cannot be used",
        Reason.BadMarker => "the marker could not be understood",
        Reason.CrossDevice => "the item is on another file system than its target",
        Reason.VersionMismatch => "another version was live than the one expected",
        Reason.VersionNotFound => "there was no version to go back to",
        Reason.ChecksumMismatch => "the contents do not have the checksum given",
        Reason.NotPermitted => "rights were missing, or the producer is not allowed on this route",
        Reason.RouteNotFound => "the route was not served any more",
        Reason.Held => "commits of this name are held",
        Reason.NoSpace => "the disk, or a quota, is full",
        Reason.Busy => "the service could not take it at that moment",
        Reason.Interrupted => "it was under way when the machine or the service stopped",
        _ => "the disk reported an error",
    };
}
