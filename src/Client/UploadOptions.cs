namespace AtomikD.Client;

/// <summary>How an upload is committed. What is not set is as the route says.</summary>
public sealed record UploadOptions
{
    /// <inheritdoc cref="CommitOptions.Overwrite"/>
    public bool? Overwrite { get; init; }

    /// <inheritdoc cref="CommitOptions.ExpectedVersion"/>
    public long? ExpectedVersion { get; init; }

    /// <inheritdoc cref="CommitOptions.RequestId"/>
    public string? RequestId { get; init; }

    /// <inheritdoc cref="CommitOptions.Sha256"/>
    public string? Sha256 { get; init; }

    /// <inheritdoc cref="CommitOptions.Labels"/>
    public IDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Told how many bytes have been sent so far: of the file, or of the tar stream of a folder. Begins again at 0 when the upload
    /// has to be sent again. Null, the default: nobody is told.
    /// </summary>
    public IProgress<long>? Progress { get; init; }
}
