using System.Globalization;
using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

/// <summary>Where this process's output goes: into journald, which understands priorities, or before somebody's eyes.</summary>
internal static class Journald
{
    private static readonly Lazy<bool> s_hasOutput = new(() => IsJournal(1));
    private static readonly Lazy<bool> s_hasError = new(() => IsJournal(2));

    /// <summary>The log on the output: lines with priorities for journald, with the time for everybody else.</summary>
    public static ILoggingBuilder AddLog(ILoggingBuilder logging) => s_hasOutput.Value
        ? logging.AddSystemdConsole()
        : logging.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "yyyy-MM-dd HH:mm:ss ";
        });

    /// <summary>An error on the error stream, each line with its priority where journald reads it.</summary>
    public static void Error(string text)
    {
        foreach (string line in text.Split('\n'))
            Console.Error.WriteLine(s_hasError.Value ? $"<3>{line}" : line);
    }

    /// <summary>systemd names the stream that it made: systemd.exec(5). Redirected, it is another.</summary>
    private static bool IsJournal(int descriptor)
    {
        string[] stream = (Environment.GetEnvironmentVariable("JOURNAL_STREAM") ?? "").Split(':');
        return stream is [var device, var inode]
            && Stat.StatPath(Name.Of($"/proc/self/fd/{descriptor}"), out FileStatus status) == Errno.None
            && ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number == status.Inode
            && ulong.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out ulong own) && Stat.MakeDev(status.Device) == own;
    }
}
