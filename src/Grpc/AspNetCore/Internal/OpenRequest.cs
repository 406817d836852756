using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// A request that is still coming when its call has ended. Kestrel would reset the stream and go on counting it for seconds, and a few hundred
/// of these end the whole connection (ENHANCE_YOUR_CALM). So the answer goes out complete, and its client has a moment to end the request.
/// </summary>
internal static class OpenRequest
{
    private const long MaxBytes = 1024 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    public static async Task DrainAsync(HttpContext http)
    {
        using var enough = new CancellationTokenSource(s_patience);
        try
        {
            await http.Response.CompleteAsync();
            for (long bytes = 0; bytes < MaxBytes;)
            {
                ReadResult result = await http.Request.BodyReader.ReadAsync(enough.Token);
                bytes += result.Buffer.Length;
                http.Request.BodyReader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    return;
            }
        }
        catch (Exception)
        {
            // The client reset the stream, which is as good an end; or it took too long, and Kestrel resets it.
        }
    }
}
