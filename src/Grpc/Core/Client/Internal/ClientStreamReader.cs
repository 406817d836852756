using Grpc.Core;

namespace Grpc.Net.Client.Internal;

internal sealed class ClientStreamReader<T>(ClientCall call, Task<bool> opened, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    where T : class
{
    private T? _current;

    public T Current => _current ?? throw new InvalidOperationException("There is no current message.");

    /// <summary>Cancelling it cancels the call: a half-read message cannot be left behind.</summary>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        _current = null;
        using CancellationTokenRegistration cancel = cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), call);
        if (await opened)
            _current = await call.ReadNextAsync(marshaller);
        else
            call.ThrowUnlessOk();
        return _current is not null;
    }
}
