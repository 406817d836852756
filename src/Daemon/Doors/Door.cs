using System.Net.Sockets;
using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Doors;

/// <summary>A listening socket and the thread that accepts its connections. The thread sleeps in the kernel until somebody comes.</summary>
internal sealed class Door : IDisposable
{
    /// <summary>The kernel's own limit. Who connects while it is full is told EAGAIN at once, so one who connects in a loop must not fill it.</summary>
    private const int Backlog = 4096;

    /// <summary>Where a connection cannot be accepted, for want of descriptors, say.</summary>
    private const int PauseMilliseconds = 100;

    private readonly Socket _listening;
    private readonly Fd _listeningFd;
    private readonly Fd _wake;
    private readonly Action<Socket> _enter;
    private readonly ILogger _logger;
    private readonly Thread _thread;

    /// <param name="listening">Bound; the door closes it.</param>
    /// <param name="name">The thread's.</param>
    /// <param name="enter">Called on the door's thread for each connection, which is then its own.</param>
    /// <param name="logger">For what nobody expected.</param>
    /// <exception cref="IOException">The process has no descriptor left.</exception>
    /// <exception cref="SocketException">It cannot listen.</exception>
    public Door(Socket listening, string name, Action<Socket> enter, ILogger logger)
    {
        _listening = listening;
        _listeningFd = Fd.Borrow((int)listening.Handle);
        _enter = enter;
        _logger = logger;
        listening.Blocking = false;
        listening.Listen(Backlog);
        Errno error = Poll.EventFd(out _wake);
        if (error != Errno.None)
            throw new IOException($"Cannot open a door: {error.Describe()}; raise LimitNOFILE.");
        _thread = new Thread(Loop) { Name = name, IsBackground = true };
        _thread.Start();
    }

    private void Loop()
    {
        while (true)
        {
            Poll.Wait(_listeningFd, _wake, -1, out bool isKnocking, out bool isWoken);
            if (isWoken)
                return;
            if (isKnocking && !TryAccept())
                Poll.Wait(_wake, _wake, PauseMilliseconds, out _, out _);
        }
    }

    private bool TryAccept()
    {
        try
        {
            _enter(_listening.Accept());
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.ConnectionAborted or SocketError.Interrupted)
        {
            // It has gone already.
        }
        catch (Exception e)
        {
            Log.NotAccepted(_logger, e);
            return false;
        }
        return true;
    }

    public void Dispose()
    {
        Poll.Signal(_wake);
        _thread.Join();
        _wake.Dispose();
        _listening.Dispose();
    }
}
