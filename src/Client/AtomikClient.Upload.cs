using System.Formats.Tar;
using AtomikD.Client.Internal;
using Grpc.Core;
using Grpc.Net.Client;

namespace AtomikD.Client;

public sealed partial class AtomikClient
{
    /// <summary>An upload that is lost so often is given up.</summary>
    private const int MostUploads = 5;

    /// <summary>How long an answer may take to come behind a stream that has broken off.</summary>
    private static readonly TimeSpan s_answerBehind = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public Task<CommittedVersion> UploadFileAsync(
        string route, string name, Stream content, UploadOptions? options = null, CancellationToken cancellationToken = default) =>
        UploadStreamAsync(route, name, V1.ItemKind.File, content, options, cancellationToken);

    /// <inheritdoc/>
    public async Task<CommittedVersion> UploadFileAsync(
        string route, string name, string path, UploadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return await UploadFileAsync(route, name, file, options, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<CommittedVersion> UploadFolderAsync(
        string route, string name, string path, UploadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder {path}.");
        return UploadAsync(Header(route, name, V1.ItemKind.Folder, null, options), options, mayAgain: true,
            (body, cancellation) => TarFile.CreateFromDirectoryAsync(path, body, includeBaseDirectory: false, cancellation), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<CommittedVersion> UploadTarAsync(
        string route, string name, Stream archive, UploadOptions? options = null, CancellationToken cancellationToken = default) =>
        UploadStreamAsync(route, name, V1.ItemKind.Folder, archive, options, cancellationToken);

    private Task<CommittedVersion> UploadStreamAsync(
        string route, string name, V1.ItemKind kind, Stream content, UploadOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        long start = content.CanSeek ? content.Position : 0;
        long? size = content.CanSeek ? content.Length - start : null;
        return UploadAsync(Header(route, name, kind, size, options), options, content.CanSeek, (body, cancellation) =>
        {
            if (content.CanSeek)
                content.Position = start;
            return content.CopyToAsync(body, UploadStream.ChunkSize, cancellation);
        }, cancellationToken);
    }

    private static V1.UploadHeader Header(string route, string name, V1.ItemKind kind, long? size, UploadOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new UploadOptions();
        var header = new V1.UploadHeader
        {
            Route = route,
            Name = name,
            Kind = kind,
            RequestId = options.RequestId ?? RequestIds.New(),
            Sha256 = options.Sha256 ?? "",
        };
        if (size is { } known)
            header.Size = known;
        if (options.Overwrite is { } overwrite)
            header.Overwrite = overwrite;
        if (options.ExpectedVersion is { } expected)
            header.ExpectedVersion = expected;
        options.Labels.AddTo(header.Labels);
        return header;
    }

    private async Task<CommittedVersion> UploadAsync(
        V1.UploadHeader header, UploadOptions? options, bool mayAgain, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        var backOff = new BackOff(_time);
        bool wasRead = false;
        V1.CommitResponse response = await _calls.TriedAsync("Upload", header.RequestId, backOff, () => (mayAgain || !wasRead) && backOff.Tries < MostUploads, async () =>
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(_timeout);
            // A connection of its own: its data holds up no other call, and what is still sent when the daemon has refused it already, which
            // servers take for a broken connection, breaks off nothing else.
            using GrpcChannel channel = _socket.OpenChannel();
            using AsyncClientStreamingCall<V1.UploadRequest, V1.CommitResponse> call =
                new V1.CommitService.CommitServiceClient(channel).Upload(new CallOptions(Calls.Headers(), null, patience.Token));
            try
            {
                var body = new UploadStream(call.RequestStream, sent =>
                {
                    patience.CancelAfter(_timeout);
                    options?.Progress?.Report(sent);
                });
                try
                {
                    await body.BeginAsync(header, patience.Token);
                    wasRead = true;
                    await write(body, patience.Token);
                    await body.EndAsync(patience.Token);
                }
                catch (UploadStream.SendException e)
                {
                    return await AnswerBehindAsync(call.ResponseAsync, e);
                }
                return await call;
            }
            catch (Exception e) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested
                && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                throw Errors.TimedOut("Upload", _timeout, wasSent: true, header.RequestId, e);
            }
        }, cancellationToken);
        return Told(response, options?.RequestId);
    }

    /// <summary>
    /// The daemon has answered before the end, or is gone: its answer says which. Where HTTP sends the call again by itself, over another
    /// connection, nobody is left to send its data, and no answer comes.
    /// </summary>
    private static async Task<V1.CommitResponse> AnswerBehindAsync(Task<V1.CommitResponse> answer, UploadStream.SendException broken)
    {
        try
        {
            return await answer.WaitAsync(s_answerBehind);
        }
        catch (TimeoutException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The connection broke off.", broken));
        }
    }
}
