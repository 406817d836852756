using System.Globalization;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>How the call ends: by the server's status, the deadline, the caller, or a failure.</summary>
internal sealed partial class ClientCall
{
    // What a timer takes; a later deadline is the server's to watch.
    private static readonly TimeSpan s_maxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public Status GetStatus() => (_outcome ?? throw NotEnded()).Status;

    public Metadata GetTrailers() => (_outcome ?? throw NotEnded()).Trailers;

    public void Dispose() => Cancel();

    public void Cancel() => Finish(new Status(StatusCode.Cancelled, "The caller cancelled the call."), null);

    public void ThrowUnlessOk()
    {
        if (GetStatus().StatusCode != StatusCode.OK)
            throw ToException();
    }

    /// <summary>Ends the call by what went wrong, unless it has ended, and says how it ended.</summary>
    public RpcException Fail(Exception failure)
    {
        if (_outcome is null)
            Finish(failure is RpcException rpc ? rpc.Status : HttpErrors.StatusOf(failure), null);
        return ToException();
    }

    /// <summary>Why a message could not be written: mostly because the call has ended, and then it is that status.</summary>
    public async Task<RpcException> WriteFailedAsync(Exception failure)
    {
        // Where the response is being read already, its status is on its way and says more than the write does.
        if (_method.Type == MethodType.ClientStreaming)
            await _finished.Task;
        return _outcome is not null
            ? ToException()
            : new RpcException(new Status(StatusCode.Unavailable, "The server takes no more of the request; its status is at the end of the response.", failure));
    }

    private static InvalidOperationException NotEnded() => new("The call has not ended.");

    private static Status DeadlineExceeded() => new(StatusCode.DeadlineExceeded, "The deadline has passed.");

    private static RpcException NoMessage() => new(new Status(StatusCode.Internal, "The response has no message."));

    private static Status? ReadStatus(HttpHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues(GrpcProtocol.StatusHeader, out HeaderStringValues code))
            return null;
        string detail = headers.NonValidated.TryGetValues(GrpcProtocol.MessageHeader, out HeaderStringValues message)
            ? PercentCoding.Decode(message.ToString())
            : "";
        if (code.ToString() == "0")
            return new Status(StatusCode.OK, detail);
        return int.TryParse(code.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number is > 0 and <= (int)StatusCode.Unauthenticated
            ? new Status((StatusCode)number, detail)
            : new Status(StatusCode.Unknown, detail.Length > 0 ? detail : $"The server sent the status {code}.");
    }

    private static Metadata ReadMetadata(HttpHeaders headers)
    {
        Metadata? metadata = null;
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            if (GrpcProtocol.IsReserved(name))
                continue;
            foreach (string value in values)
                MetadataCoding.AddReceived(metadata ??= [], name, value);
        }
        return metadata?.Freeze() ?? Metadata.Empty;
    }

    private void FinishByTrailers(bool hasMessage)
    {
        HttpResponseHeaders headers = _response!.TrailingHeaders;
        Status status = ReadStatus(headers) ?? new Status(StatusCode.Unknown, "The response ended without a status.");
        if (status.StatusCode == StatusCode.OK && !hasMessage)
            status = NoMessage().Status;
        Finish(status, ReadMetadata(headers));
        _input!.Complete();
        ThrowUnlessOk();
    }

    private void Finish(Status status, Metadata? trailers)
    {
        lock (_gate)
        {
            if (_outcome is not null)
                return;
            _outcome = new Outcome(status, trailers ?? Metadata.Empty);
            if (_headers is { Task.IsCompleted: false })
                SettleHeaders();
        }
        StopWatching();
        if (status.StatusCode != StatusCode.OK)
            Log.CallEnded(_channel.Logger, _method.FullName, status.StatusCode, status.Detail);
        // Trailers say that the response is complete. If the request is not, it is broken off; so is all of it without trailers.
        if (trailers is null || _content is not { Sent: true })
            _ended.Cancel();
        _response?.Dispose();
        _content?.Dispose();
        _finished.TrySetResult();
    }

    private void StopWatching()
    {
        _deadlineTimer?.Dispose();
        _byCaller.Unregister();
        _byChannel.Unregister();
    }

    // Under the gate.
    private void SettleHeaders()
    {
        if (_response is null)
        {
            _headers!.TrySetException(ToException());
            // Nobody need look at it.
            _ = _headers.Task.Exception;
            return;
        }
        try
        {
            _headers!.TrySetResult(ReadMetadata(_response.Headers));
        }
        catch (RpcException e)
        {
            _headers!.TrySetException(e);
        }
    }

    private RpcException ToException() => new(GetStatus(), GetTrailers());

    private sealed record Outcome(Status Status, Metadata Trailers);
}
