using Google.Rpc;
using Grpc.Core;
using Xunit;
using Status = Google.Rpc.Status;

namespace AtomikD.Api;

/// <summary>How a call was refused, with its details taken apart.</summary>
internal sealed record CallFailure(StatusCode Code, string Message, string Reason, IReadOnlyDictionary<string, string> Metadata)
{
    public static async Task<CallFailure> OfAsync<T>(AsyncUnaryCall<T> call) => Of(await Assert.ThrowsAsync<RpcException>(async () => await call));

    public static CallFailure Of(RpcException exception)
    {
        byte[] details = exception.Trailers.GetValueBytes("grpc-status-details-bin") ?? throw new InvalidOperationException($"{exception.Status} has no details");
        Status status = Status.Parser.ParseFrom(details);
        Assert.Equal((int)exception.StatusCode, status.Code);
        Assert.Equal(exception.Status.Detail, status.Message);
        ErrorInfo info = Assert.Single(status.Details).Unpack<ErrorInfo>();
        Assert.Equal("atomikd", info.Domain);
        Assert.NotEmpty(info.Metadata["hint"]);
        return new CallFailure(exception.StatusCode, exception.Status.Detail, info.Reason, info.Metadata);
    }
}
