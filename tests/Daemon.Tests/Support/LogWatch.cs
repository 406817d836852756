using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Support;

internal sealed record LogRecord(LogLevel Level, string Category, EventId Event, string Message, Exception? Exception)
{
    /// <summary>The name of the event, as in the generated message's method.</summary>
    public string Name => Event.Name ?? "";

    /// <summary>The placeholders of the message by name.</summary>
    public IReadOnlyDictionary<string, object?> Values { get; init; } = new Dictionary<string, object?>();

    public override string ToString() => $"{Level} {Category} {Name}: {Message}{(Exception is null ? "" : $" [{Exception}]")}";
}

/// <summary>Collects what is logged; a test waits for it, and fails on an error that it did not expect.</summary>
internal sealed class LogWatch : ILoggerProvider
{
    private static readonly TimeSpan s_default = TimeSpan.FromMinutes(1);
    private readonly object _gate = new();
    private readonly List<LogRecord> _records = [];
    private readonly HashSet<string> _expected = [];

    public IReadOnlyList<LogRecord> Records
    {
        get
        {
            lock (_gate)
                return [.. _records];
        }
    }

    /// <summary>An error of this name is part of the test.</summary>
    public LogWatch Expect(string eventName)
    {
        lock (_gate)
            _expected.Add(eventName);
        return this;
    }

    /// <summary>The first record, old or new, that fits.</summary>
    public LogRecord WaitFor(Func<LogRecord, bool> fits, string what, TimeSpan? timeout = null) => WaitFor(fits, 1, what, timeout)[0];

    public LogRecord WaitFor(string eventName, TimeSpan? timeout = null) => WaitFor(r => r.Name == eventName, eventName, timeout);

    /// <summary>The first <paramref name="count"/> records, old or new, that fit.</summary>
    public IReadOnlyList<LogRecord> WaitFor(Func<LogRecord, bool> fits, int count, string what, TimeSpan? timeout = null)
    {
        var waited = Stopwatch.StartNew();
        TimeSpan limit = timeout ?? s_default;
        lock (_gate)
        {
            var found = new List<LogRecord>();
            for (int seen = 0; ;)
            {
                for (; seen < _records.Count && found.Count < count; seen++)
                    if (fits(_records[seen]))
                        found.Add(_records[seen]);
                if (found.Count == count)
                    return found;
                TimeSpan left = limit - waited.Elapsed;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left) && limit <= waited.Elapsed)
                    throw new TimeoutException($"logged {found.Count} of {count} times within {limit}: {what}\n{Tell(_records)}");
            }
        }
    }

    /// <summary>Fails when an error was logged whose event the test did not <see cref="Expect"/>.</summary>
    public void AssertNoUnexpectedErrors()
    {
        lock (_gate)
        {
            List<LogRecord> unexpected = _records.FindAll(r => r.Level >= LogLevel.Error && !_expected.Contains(r.Name));
            if (unexpected.Count > 0)
                Assert.Fail($"{unexpected.Count} unexpected errors were logged:\n{Tell(unexpected)}");
        }
    }

    public ILoggerFactory NewFactory() => LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(this));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private static string Tell(IEnumerable<LogRecord> records) => string.Join('\n', records);

    private void Add(LogRecord record)
    {
        lock (_gate)
        {
            _records.Add(record);
            Monitor.PulseAll(_gate);
        }
    }

    private sealed class Logger(LogWatch watch, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = new Dictionary<string, object?>();
            if (state is IEnumerable<KeyValuePair<string, object?>> pairs)
                foreach ((string key, object? value) in pairs)
                    values[key] = value;
            watch.Add(new LogRecord(logLevel, category, eventId, formatter(state, exception), exception) { Values = values });
        }
    }
}
