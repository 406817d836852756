using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed class RequestStream<T>(HttpServerCall call, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    where T : class
{
    private T? _current;

    public T Current => _current ?? throw new InvalidOperationException("There is no current message.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        _current = null;
        CancellationToken ofCall = call.CancellationToken;
        try
        {
            if (!cancellationToken.CanBeCanceled || cancellationToken == ofCall)
            {
                _current = await call.Reader.ReadAsync(marshaller, ofCall);
                return _current is not null;
            }
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ofCall);
            _current = await call.Reader.ReadAsync(marshaller, both.Token);
            return _current is not null;
        }
        catch (IOException e)
        {
            call.NoteBreak(e);
            throw;
        }
    }
}
