using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace AtomikD.Telemetry.Exposition;

/// <summary>Has the SDK's reader collect when somebody asks, and never otherwise.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class ScrapeExporter(JournalState journal) : BaseExporter<Metric>, IPullMetricExporter
{
    private readonly SemaphoreSlim _turn = new(1);
    private ExpositionWriter? _writer;

    /// <summary>Set by the SDK's reader.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>All that there is to tell now, as text. Null: the service is going down, and collects no more.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(ExpositionFormat format, CancellationToken cancellation)
    {
        await journal.RefreshAsync().WaitAsync(cancellation);
        await _turn.WaitAsync(cancellation);
        try
        {
            var text = new TextBuffer();
            _writer = new ExpositionWriter(text, format);
            return Collect?.Invoke(Timeout.Infinite) == true ? text.Written : null;
        }
        finally
        {
            _writer = null;
            _turn.Release();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        // The SDK collects a last time at the end: nobody reads that.
        if (_writer is not { } writer)
            return ExportResult.Success;
        var metrics = new List<Metric>((int)batch.Count);
        foreach (Metric metric in batch)
            metrics.Add(metric);
        writer.Write(metrics, ParentProvider.GetResource().Attributes);
        return ExportResult.Success;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _turn.Dispose();
        base.Dispose(disposing);
    }
}
