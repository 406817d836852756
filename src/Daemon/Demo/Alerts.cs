using Microsoft.Extensions.Logging;

namespace AtomikD.Demo;

/// <summary>Warnings and errors of the daemon, shown at once; a demo without them stays quiet.</summary>
internal sealed class Alerts(Action<string> show) : ILoggerProvider, ILogger
{
    private int _errors;

    public int Errors => Volatile.Read(ref _errors);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        if (logLevel >= LogLevel.Error)
            Interlocked.Increment(ref _errors);
        show($"{(logLevel >= LogLevel.Error ? "error" : "warning")} from the daemon: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.Message})")}");
    }

    public void Dispose()
    {
    }
}
